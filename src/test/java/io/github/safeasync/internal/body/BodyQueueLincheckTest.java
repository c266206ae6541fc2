package io.github.safeasync.internal.body;

import io.github.safeasync.internal.body.BodyItem.Chunk;
import io.github.safeasync.internal.body.BodyItem.Finish;
import io.github.safeasync.testkit.Tries;
import java.nio.ByteBuffer;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** The intake against its own sequential self: a queue that a last item closes. */
public class BodyQueueLincheckTest {

  private final BodyQueue intake = new BodyQueue();

  @Operation
  public boolean putSmall() {
    return intake.put(new Chunk(ByteBuffer.allocate(1), Chunk.Kind.PLAIN));
  }

  @Operation
  public boolean putLarge() {
    return intake.put(new Chunk(ByteBuffer.allocate(2), Chunk.Kind.PLAIN));
  }

  @Operation
  public boolean finish() {
    return intake.put(new Finish(null));
  }

  @Operation(nonParallelGroup = "the thread that has the turn")
  public String takeAll() {
    StringBuilder sizes = new StringBuilder();
    for (BodyItem item : intake.takeAll()) {
      sizes.append(item instanceof Chunk chunk ? chunk.bytes().capacity() : "end").append(' ');
    }
    return sizes.toString();
  }

  @Operation
  public boolean isClosed() {
    return intake.isClosed();
  }

  @Test
  void whatIsPut_isTakenOnceAndInOrder_inEveryInterleaving() {
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(3)
        .iterations(Tries.of(10))
        .invocationsPerIteration(Tries.of(1000))
        .checkObstructionFreedom(true)
        .check(getClass());
  }

  @Test
  void whatIsPut_isTakenOnceAndInOrder_underStress() {
    new StressOptions()
        .threads(3)
        .actorsPerThread(3)
        .iterations(Tries.of(5))
        .invocationsPerIteration(Tries.of(2000))
        .check(getClass());
  }
}
