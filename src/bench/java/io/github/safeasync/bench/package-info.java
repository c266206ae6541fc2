/**
 * Load benchmarks: {@code mvn -q -Pbench -Dbench=detection}, for example; see {@code Benchmarks}.
 */
package io.github.safeasync.bench;
