package io.github.safeasync.spring

import java.util.Queue
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import org.springframework.http.MediaType
import org.springframework.web.bind.annotation.GetMapping
import org.springframework.web.bind.annotation.PostMapping
import org.springframework.web.bind.annotation.RestController

/** Suspending functions, as an application in Kotlin has them: it imports nothing of the library. */
@RestController
class SuspendingController(
  private val begun: Queue<String>,
  private val cancelled: Queue<Long>,
  private val cleaned: Queue<String>,
) {

  @GetMapping("/suspended")
  suspend fun suspended(): String = idle()

  @PostMapping("/posted")
  suspend fun posted(): String = idle()

  @GetMapping("/flow", produces = [MediaType.TEXT_EVENT_STREAM_VALUE])
  fun events(): Flow<String> = flow { emit(idle()) }

  @GetMapping("/answered")
  suspend fun answered(): String {
    delay(50)
    return "answered"
  }

  private suspend fun idle(): String {
    begun.add("begun")
    try {
      awaitCancellation()
    } catch (e: CancellationException) {
      cancelled.add(System.nanoTime())
      throw e
    } finally {
      cleaned.add("cleaned")
    }
  }
}
