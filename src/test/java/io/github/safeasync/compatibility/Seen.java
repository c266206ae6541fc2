package io.github.safeasync.compatibility;

import java.util.List;
import java.util.Map;

/**
 * What one play showed.
 *
 * @param values what the application's calls answered, or the families of what they threw
 * @param callbacks what the application was told, in this order
 * @param client what the client got
 * @param threads whether the application's threads are free
 */
record Seen(Map<String, String> values, List<String> callbacks, String client, String threads) {}
