package io.github.safeasync.doctor.client;

import java.util.List;

/** Says what was found. */
interface Report {

  void done(String url, Server server, List<Finding> findings);

  void failed(String url, String problem);
}
