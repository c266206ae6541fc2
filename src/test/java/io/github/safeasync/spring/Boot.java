package io.github.safeasync.spring;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Runs applications of Spring Boot, 3.5 or 4, on one of the servers that are there. */
final class Boot {

  /** Of Spring Boot 4. */
  static final String TOMCAT =
      "org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration";

  /** Of Spring Boot 4. */
  static final String JETTY =
      "org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration";

  /** Of Spring Boot 3.5, whose security is on the class path of the tests. */
  static final String SECURITY =
      "org.springframework.boot.autoconfigure.security.servlet.SecurityAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.security.servlet.SecurityFilterAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.security.servlet.UserDetailsServiceAutoConfiguration";

  /** Of Spring Boot 3.5 and 4: H2 and Hibernate are on the class path of the tests. */
  private static final String DATABASE =
      "org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration,"
          + "org.springframework.boot.autoconfigure.orm.jpa.HibernateJpaAutoConfiguration,"
          + "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration,"
          + "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration";

  private Boot() {}

  /** Runs an application on Tomcat. */
  static ConfigurableApplicationContext run(Class<?> application, String... properties) {
    return runWithout(JETTY, application, properties);
  }

  /** Runs an application without one of two servers, if both are there. */
  static ConfigurableApplicationContext runWithout(
      String server, Class<?> application, String... properties) {
    return runExcluding(server + "," + DATABASE, application, properties);
  }

  /** Runs an application on Tomcat with all that Spring Boot configures for databases. */
  static ConfigurableApplicationContext runWithDatabase(
      Class<?> application, String... properties) {
    return runExcluding(JETTY, application, properties);
  }

  private static ConfigurableApplicationContext runExcluding(
      String excluded, Class<?> application, String... properties) {
    String[] all = Arrays.copyOf(properties, properties.length + 3);
    all[properties.length] = "--server.port=0";
    all[properties.length + 1] = "--spring.main.banner-mode=off";
    all[properties.length + 2] = "--spring.autoconfigure.exclude=" + excluded + "," + SECURITY;
    return new SpringApplication(application).run(all);
  }

  static int port(ConfigurableApplicationContext context) {
    return Integer.parseInt(context.getEnvironment().getProperty("local.server.port"));
  }

  static Socket get(ConfigurableApplicationContext context, String path) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port(context));
    socket
        .getOutputStream()
        .write(
            ("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    return socket;
  }
}
