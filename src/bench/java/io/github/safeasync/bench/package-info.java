/** Load benchmarks: each is a main class, {@code mvn -q -Pbench -Dbench=StreamBench}. */
package io.github.safeasync.bench;
