package io.github.safeasync.doctor.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

/** The DoctorServlet, as it is reached through whatever is in front of it. */
final class Server {

  /** Answers are small; a proxy that is slower than that would not be waited for. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Arguments arguments;
  private final SSLContext trust;
  private final HttpClient asker;
  private final HttpClient http2;
  private final Set<String> servers = new LinkedHashSet<>();
  private String ingress = "";
  private String detection = "";
  private boolean isHttp2;

  private Server(Arguments arguments) {
    this.arguments = arguments;
    trust = Trust.context(arguments.isInsecure());
    asker = client(Version.HTTP_1_1);
    http2 = client(Version.HTTP_2);
  }

  private HttpClient client(Version version) {
    return HttpClient.newBuilder()
        .version(version)
        .sslContext(trust)
        .connectTimeout(PATIENCE)
        .build();
  }

  /** Says hello, by HTTP/1.1 and HTTP/2. */
  static Server at(Arguments arguments) throws Complaint {
    Server server = new Server(arguments);
    Answer hello = server.ask(server.asker, server.request("").GET().build());
    if (!hello.is("READY")) {
      throw new Complaint("Something else answers there, with: " + hello);
    }
    server.sayHelloByHttp2();
    return server;
  }

  private void sayHelloByHttp2() {
    try {
      HttpResponse<String> hello = http2.send(request("").GET().build(), BodyHandlers.ofString());
      isHttp2 = hello.version() == Version.HTTP_2 && Answer.of(hello).is("READY");
    } catch (IOException e) {
      isHttp2 = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether HTTP/2 is spoken there. */
  boolean isHttp2() {
    return isHttp2;
  }

  HttpClient http2() {
    return http2;
  }

  SSLContext trust() {
    return trust;
  }

  /** What the answers say of who has sent them, such as {@code nginx/1.22.1}; possibly empty. */
  String ingress() {
    return ingress;
  }

  /** How the server itself notices a departure; empty if nobody was held yet. */
  String detection() {
    return detection;
  }

  /** Whether several servers answer in turn. */
  boolean isSeveral() {
    return servers.size() > 1;
  }

  static String newId() {
    byte[] bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  HttpRequest.Builder request(String query) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(arguments.url() + query))
            .timeout(PATIENCE)
            .header(Answer.HEADER, "1");
    arguments.fields().forEach(each -> request.header(each.name(), each.value()));
    return request;
  }

  Answer seen(String id) throws Complaint {
    return ask(asker, request("?seen=" + id).GET().build());
  }

  Answer write(String id) throws Complaint {
    return ask(asker, request("?write=" + id).POST(BodyPublishers.noBody()).build());
  }

  void release(String id) throws Complaint {
    ask(asker, request("?release=" + id).POST(BodyPublishers.noBody()).build());
  }

  private Answer ask(HttpClient client, HttpRequest request) throws Complaint {
    Answer answer;
    try {
      answer = Answer.of(client.send(request, BodyHandlers.ofString()));
    } catch (IOException | RuntimeException e) {
      throw new Complaint(complaintOf(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Complaint("Interrupted.");
    }
    String problem = answer.problem();
    if (!problem.isEmpty()) {
      throw new Complaint(problem);
    }
    ingress = answer.sentBy();
    answer.value("detection").ifPresent(value -> detection = value);
    answer.value("server").ifPresent(servers::add);
    return answer;
  }

  private String complaintOf(Exception failure) {
    String host = arguments.url().getHost();
    String where = host + ":" + arguments.port();
    if (hasCause(failure, UnknownHostException.class, UnresolvedAddressException.class)) {
      return "There is no host " + host + ": see that the URL is right.";
    }
    if (hasCause(failure, SSLException.class)) {
      return "TLS with "
          + where
          + " fails: "
          + failure.getMessage()
          + ". If its certificate is one"
          + " that this JVM cannot know, use --insecure, or -Djavax.net.ssl.trustStore=…"
          + " before -jar.";
    }
    if (hasCause(failure, HttpConnectTimeoutException.class)) {
      return "Nothing answers at " + where + " within " + PATIENCE.toSeconds() + " seconds.";
    }
    if (hasCause(failure, ConnectException.class)) {
      return "Nothing listens at " + where + ": see that the URL is right and the server runs.";
    }
    if (hasCause(failure, HttpTimeoutException.class)) {
      return where
          + " takes the connection and gives no answer within "
          + PATIENCE.toSeconds()
          + " seconds.";
    }
    return where + " gives no answer that could be read: " + failure;
  }

  private static boolean hasCause(Throwable failure, Class<?>... types) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .anyMatch(each -> Stream.of(types).anyMatch(type -> type.isInstance(each)));
  }
}
