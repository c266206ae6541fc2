import io.github.safeasync.CancellationToken;
import io.github.safeasync.SafeAsyncFilter;
import io.github.safeasync.testkit.ApplicationExtension;
import io.github.safeasync.testkit.HangUp;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/** The test kit with nothing but its jar, the library and one container on the class path. */
public class SearchCheck {

  public static void main(String[] arguments) throws Exception {
    AtomicBoolean searching = new AtomicBoolean();
    CountDownLatch found = new CountDownLatch(1);
    ApplicationExtension application =
        ApplicationExtension.of(
            it ->
                it.filter(new SafeAsyncFilter())
                    .handler(
                        "/search",
                        (request, response) -> {
                          CancellationToken.current().bind(Thread.currentThread());
                          searching.set(true);
                          try {
                            found.await();
                          } catch (InterruptedException e) {
                            searching.set(false);
                          }
                        }));
    application.beforeAll(null);
    for (HangUp.Way way : new HangUp.Way[] {HangUp.Way.FIN, HangUp.Way.RST}) {
      application
          .hangUp()
          .get("/search")
          .once(searching::get)
          .by(way)
          .stops(() -> !searching.get(), Duration.ofSeconds(10));
      System.out.println(application.server().container() + " " + way + " stops");
    }
    application.afterAll(null);
  }
}
