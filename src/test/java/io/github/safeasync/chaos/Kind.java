package io.github.safeasync.chaos;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** How a request is served. */
enum Kind {
  SYNC(ServletApplications::sync),
  ASYNC(ServletApplications::async),
  FORWARD(ServletApplications::forward),
  INCLUDE(ServletApplications::include),
  /** By the container's own servlet for files. */
  FILE(ServletApplications::file),
  DISPATCH(ServletApplications::dispatch),
  ERROR_PAGE(ServletApplications::sendError),
  BLOCKING_UPLOAD(UploadApplications::blocking),
  LISTENER_UPLOAD(UploadApplications::listening),
  SAFE(LibraryApplications::one),
  THREADS(LibraryApplications::threads),
  EVENTS(LibraryApplications::events);

  private interface Service {
    void serve(Entry entry, HttpServletRequest request, HttpServletResponse response)
        throws ServletException, IOException;
  }

  private final Service service;

  Kind(Service service) {
    this.service = service;
  }

  boolean isUpload() {
    return this == BLOCKING_UPLOAD || this == LISTENER_UPLOAD;
  }

  private boolean isOfTheLibrary() {
    return this == SAFE || this == THREADS || this == EVENTS;
  }

  /** The same by the Servlet API alone. */
  Kind raw() {
    return isOfTheLibrary() ? ASYNC : this;
  }

  void serve(Entry entry, HttpServletRequest request, HttpServletResponse response)
      throws ServletException, IOException {
    service.serve(entry, request, response);
  }
}
