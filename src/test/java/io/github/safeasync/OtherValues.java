package io.github.safeasync;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A value for each setting that is allowed, and is not its default. */
final class OtherValues {

  private OtherValues() {}

  static Object of(Setting<?> setting) {
    Object standard = setting.standard();
    if (standard instanceof Duration time) {
      return time.plusMillis(1);
    } else if (standard instanceof Integer number) {
      return number + 1;
    } else if (standard instanceof Long number) {
      return number + 1;
    } else if (standard instanceof Enum<?> constant) {
      List<?> constants = List.of(constant.getDeclaringClass().getEnumConstants());
      return constants.get((constant.ordinal() + 1) % constants.size());
    } else if (standard instanceof Set<?>) {
      return Set.of(End.Kind.TIMED_OUT);
    } else if (standard instanceof Optional<?>) {
      return Optional.of(new KeepAlive(30, 10, 3));
    }
    throw new IllegalStateException("No other value is known for " + setting);
  }
}
