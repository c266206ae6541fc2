package io.github.safeasync.doctor.client;

/** What went wrong, in words for the person who can change it. */
final class Complaint extends Exception {

  private static final long serialVersionUID = 1L;

  Complaint(String message) {
    super(message);
  }
}
