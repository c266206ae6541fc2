package io.github.safeasync.doctor.client;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What to change where a departure is hidden; src/docs/proxies.md says more. */
final class Advice {

  private static final List<Of> ALL =
      List.of(
          new Of("nginx", "nginx", "remove proxy_ignore_client_abort on; (it is off by default)"),
          new Of("HAProxy", "haproxy", "option abortonclose, in the defaults or the backend"),
          new Of(
              "Apache httpd",
              "apache",
              "has no setting for it; streams notice sooner with heartbeats and flushpackets=on"),
          new Of("Envoy", "envoy", "passes it on by itself; look at what is in front of it"),
          new Of("Traefik", "traefik", "passes it on by itself; look at what is in front of it"),
          new Of(
              "Docker's userland proxy",
              "docker",
              "makes a FIN of a reset: leave half-close at disconnect, or set"
                  + " \"userland-proxy\": false in daemon.json"));

  private Advice() {}

  private record Of(String name, String key, String what) {}

  static Stream<String> of(Server server) {
    String ingress = server.ingress().toLowerCase(Locale.ROOT);
    Stream<String> own =
        server.detection().equals("ON_WRITE")
            ? Stream.of(
                "The server itself would not notice: its detection of this request is ON_WRITE."
                    + " See its log.")
            : Stream.of(
                "Run the doctor against the server itself, too: if the departure PROPAGATES there,"
                    + " a proxy hides it.");
    return Stream.concat(
        own,
        ALL.stream()
            .map(
                each ->
                    "  %-24s %s%s"
                        .formatted(
                            each.name(),
                            each.what(),
                            ingress.contains(each.key()) ? "  <- answers here" : "")));
  }
}
