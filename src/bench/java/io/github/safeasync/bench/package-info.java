/** Measures how soon a hang-up is noticed, and at what cost; see {@code Benchmarks}. */
package io.github.safeasync.bench;
