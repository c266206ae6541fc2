package io.github.safeasync.spring;

import io.github.safeasync.ClientDisconnectedException;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationFilter;
import org.springframework.http.server.observation.ServerHttpObservationDocumentation.LowCardinalityKeyNames;
import org.springframework.http.server.observation.ServerRequestObservationContext;

/**
 * Has {@code http.server.requests} say of a request whose client has gone that its outcome and its
 * status are unknown, as Spring does where it does not run on servlets. Otherwise it would count as
 * 200 and SUCCESS, the status of a response to which nothing was done. Of one that was cut off in
 * the middle nobody can tell any more, once it has ended, whether its status was sent.
 */
final class LostClientObservations implements ObservationFilter {

  private static final String UNKNOWN = "UNKNOWN";

  @Override
  public Observation.Context map(Observation.Context context) {
    if (context instanceof ServerRequestObservationContext request && lostClient(request)) {
      request.addLowCardinalityKeyValue(KeyValue.of(LowCardinalityKeyNames.STATUS, UNKNOWN));
      request.addLowCardinalityKeyValue(KeyValue.of(LowCardinalityKeyNames.OUTCOME, UNKNOWN));
    }
    return context;
  }

  private static boolean lostClient(ServerRequestObservationContext request) {
    for (Throwable at = request.getError(); at != null; at = at.getCause()) {
      if (at instanceof ClientDisconnectedException) {
        return true;
      }
    }
    return false;
  }
}
