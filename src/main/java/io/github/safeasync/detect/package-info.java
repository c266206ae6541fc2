/**
 * How a hang-up is noticed: the triggers that hint at it and the judges that confirm it. Internal:
 * not for applications.
 */
@NullMarked
package io.github.safeasync.detect;

import org.jspecify.annotations.NullMarked;
