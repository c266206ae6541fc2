package io.github.safeasync.internal.exchange;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt.forClasses;

import io.github.safeasync.testkit.Tries;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** Lets the encoding of texts race with the commit. */
public class ResponseHeadLincheckTest {

  private final ResponseHead head = new ResponseHead("a test");

  public ResponseHeadLincheckTest() {
    head.contentType(ContentType.of("text/plain;charset=utf-16le"));
  }

  @Operation
  public String encode() {
    return new String(head.encode("a"), UTF_16LE);
  }

  @Operation
  public boolean header() {
    return head.header("A", "b", true);
  }

  @Operation(runOnce = true)
  public void commit() {
    head.commitTo(new RecordedResponse().asResponse());
  }

  @Test
  void encode_isInTheDeclaredCharset_whileTheResponseIsCommitted() {
    new ModelCheckingOptions()
        .threads(2)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(1)
        .addGuarantee(forClasses(ContentType.class.getName()).allMethods().ignore())
        .iterations(Tries.of(3))
        .invocationsPerIteration(200)
        .check(getClass());
  }
}
