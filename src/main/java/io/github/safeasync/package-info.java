@NullMarked
package io.github.safeasync;

import org.jspecify.annotations.NullMarked;
