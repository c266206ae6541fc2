package io.github.safeasync.spring;

import io.github.safeasync.ClientDisconnectedException;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationFilter;
import org.springframework.http.server.observation.ServerHttpObservationDocumentation.LowCardinalityKeyNames;
import org.springframework.http.server.observation.ServerRequestObservationContext;

/**
 * Has {@code http.server.requests} say of a request whose client has gone that its status is 499,
 * as in the logs of many proxies, and its outcome {@code CLIENT_GONE}. Otherwise it would count as
 * 200 and SUCCESS, the status of a response to which nothing was done: neither is it one, nor an
 * error of the server's. Of one that was cut off in the middle nobody can tell any more, once it
 * has ended, whether its status was sent.
 */
final class LostClientObservations implements ObservationFilter {

  private static final String STATUS = "499";
  private static final String OUTCOME = "CLIENT_GONE";

  @Override
  public Observation.Context map(Observation.Context context) {
    if (context instanceof ServerRequestObservationContext request && lostClient(request)) {
      request.addLowCardinalityKeyValue(KeyValue.of(LowCardinalityKeyNames.STATUS, STATUS));
      request.addLowCardinalityKeyValue(KeyValue.of(LowCardinalityKeyNames.OUTCOME, OUTCOME));
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
