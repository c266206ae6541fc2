package io.github.safeasync.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** The tests' self-signed certificate for localhost, made once a build. Thread-safe. */
final class Tls {
  static final String PASSWORD = "changeit";

  private Tls() {}

  /** The certificate and its key, as a PKCS #12 file. */
  static synchronized Path keyStore() {
    try {
      Path file = TestServer.buildDirectory().resolve("localhost.p12");
      if (!Files.exists(file)) {
        Files.createDirectories(file.getParent());
        Path fresh =
            Files.createTempDirectory(file.getParent(), "keytool").resolve("localhost.p12");
        keytool(fresh);
        linkFirst(fresh, file);
        Files.delete(fresh);
        Files.delete(fresh.getParent());
      }
      return file;
    } catch (IOException e) {
      throw new IllegalStateException("no key store", e);
    }
  }

  /** Puts a whole file in place; of several processes the first wins, and nobody replaces it. */
  private static void linkFirst(Path fresh, Path file) throws IOException {
    try {
      Files.createLink(file, fresh);
    } catch (FileAlreadyExistsException e) {
      // Another process was first, and may be using it.
    }
  }

  /** The server's side, with the key. */
  static SSLContext serverContext() throws GeneralSecurityException, IOException {
    KeyStore keys = keys();
    KeyManagerFactory managers =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD.toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  /** The certificate and its key, as programs want them that are not of Java. */
  static String pem() throws IOException {
    try {
      KeyStore keys = keys();
      return pem("CERTIFICATE", keys.getCertificate("localhost").getEncoded())
          + pem("PRIVATE KEY", keys.getKey("localhost", PASSWORD.toCharArray()).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static String pem(String type, byte[] content) {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    return "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n";
  }

  private static KeyStore keys() throws GeneralSecurityException, IOException {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(keyStore())) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }

  /** The client's side, which trusts anyone. */
  static SSLContext clientContext() throws GeneralSecurityException {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustAnyone()}, null);
    return context;
  }

  /** Without what makes a password dear to guess, as every server that is started reads it. */
  private static void keytool(Path file) throws IOException {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
            "-J-Dkeystore.pkcs12.certPbeIterationCount=1",
            "-J-Dkeystore.pkcs12.keyPbeIterationCount=1",
            "-J-Dkeystore.pkcs12.macIterationCount=1",
            "-genkeypair",
            "-alias",
            "localhost",
            "-keyalg",
            "EC",
            "-groupname",
            "secp256r1",
            "-dname",
            "CN=localhost",
            "-ext",
            "SAN=dns:localhost,ip:127.0.0.1",
            "-validity",
            "3650",
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD,
            "-keystore",
            file.toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (InputStream output = process.getInputStream()) {
      String said = new String(output.readAllBytes());
      if (process.waitFor() != 0) {
        throw new IOException("keytool failed: " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while keytool ran", e);
    }
  }

  private static final class TrustAnyone extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
