package io.github.safeasync.libraries;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;

/**
 * What was seen of an application.
 *
 * @param what what it heard and what became of it, equal with the filter and without
 * @param complaints the kinds of warnings and errors in the log meanwhile
 */
record Seen<T>(T what, Set<String> complaints) {

  /** Behind the filter the same is seen as without, and nobody complains who did not there. */
  void assertNoWorseThan(Seen<T> raw) {
    assertThat(what).isEqualTo(raw.what);
    assertThat(complaints).as("warnings and errors").isSubsetOf(raw.complaints);
  }
}
