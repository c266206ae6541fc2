package io.github.safeasync.spring;

import jakarta.persistence.EntityManager;
import jakarta.persistence.PersistenceContext;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/**
 * An application of Spring Boot as anybody writes it, with JdbcTemplate, JPA and RestClient: it
 * imports nothing of the library.
 */
@Configuration
@EnableAutoConfiguration
@Import(Reports.Controller.class)
class Reports {

  @Bean
  RestClient upstream(RestClient.Builder builder, @Value("${reports.upstream:}") String address) {
    return builder.baseUrl(address).build();
  }

  /** Its only controller. */
  @RestController
  @Transactional(readOnly = true)
  static class Controller {

    private final JdbcTemplate jdbc;
    private final RestClient upstream;

    @PersistenceContext EntityManager entities;

    Controller(JdbcTemplate jdbc, RestClient upstream) {
      this.jdbc = jdbc;
      this.upstream = upstream;
    }

    @GetMapping("/jdbc")
    public String jdbc(@RequestParam("seconds") double seconds) {
      return "jdbc " + jdbc.queryForObject("SELECT 1 FROM pg_sleep(?)", Integer.class, seconds);
    }

    @GetMapping("/jpa")
    public String jpa(@RequestParam("seconds") double seconds) {
      return "jpa "
          + entities
              .createNativeQuery("SELECT 1 FROM pg_sleep(:seconds)")
              .setParameter("seconds", seconds)
              .getSingleResult();
    }

    @Transactional(propagation = Propagation.NEVER)
    @GetMapping("/chain")
    public String chain(@RequestParam("seconds") double seconds) {
      return "chain "
          + upstream.get().uri("/jdbc?seconds={seconds}", seconds).retrieve().body(String.class);
    }

    @PostMapping("/jdbc")
    public String post(@RequestParam("seconds") double seconds) {
      return jdbc(seconds);
    }

    /** A GET that writes, as one that counts its visitors. */
    @Transactional
    @GetMapping("/visit")
    public String visit(@RequestParam("seconds") double seconds) {
      return "visit " + jdbc.update("INSERT INTO visits SELECT ? FROM pg_sleep(?)", "get", seconds);
    }
  }
}
