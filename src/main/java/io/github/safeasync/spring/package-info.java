/** Spring Boot finds the library on the class path and maps its filter to every request. */
@NullMarked
package io.github.safeasync.spring;

import org.jspecify.annotations.NullMarked;
