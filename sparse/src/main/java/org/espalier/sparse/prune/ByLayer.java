package org.espalier.sparse.prune;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Gives groups what was stated for the layers that make them. A layer is named by its path, or with
 * all below it by the path's beginning; the longest name that fits counts.
 *
 * @param entries what was stated, by path
 */
record ByLayer<T>(Map<String, T> entries) {
  ByLayer {
    entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
  }

  ByLayer<T> with(T value, String... paths) {
    Map<String, T> more = new LinkedHashMap<>(entries);
    for (String path : paths) {
      more.put(path, value);
    }
    return new ByLayer<>(more);
  }

  /** Returns the name that fits a group, null if none does. */
  String keyOf(ChannelGroup group) {
    Set<String> keys = new LinkedHashSet<>();
    Set<T> values = new LinkedHashSet<>();
    for (String path : group.producers()) {
      String key = longest(path);
      if (key != null) {
        keys.add(key);
        values.add(entries.get(key));
      }
    }
    if (values.size() > 1) {
      throw new IllegalArgumentException(
          "%s make one group of channels and cannot have different amounts %s; name one of them:\n%s"
              .formatted(keys, values, group));
    }
    return keys.isEmpty() ? null : keys.iterator().next();
  }

  /** Returns what was stated for a group, or the alternative. */
  T of(ChannelGroup group, T otherwise) {
    String key = keyOf(group);
    return key == null ? otherwise : entries.get(key);
  }

  private String longest(String path) {
    String found = null;
    for (String key : entries.keySet()) {
      if (fits(key, path) && (found == null || key.length() > found.length())) {
        found = key;
      }
    }
    return found;
  }

  private static boolean fits(String key, String path) {
    return path.equals(key) || path.startsWith(key + ".");
  }

  /** Refuses names that fit no group. */
  void check(List<ChannelGroup> groups) {
    List<String> paths = groups.stream().flatMap(group -> group.producers().stream()).toList();
    for (String key : entries.keySet()) {
      if (paths.stream().noneMatch(path -> fits(key, path))) {
        throw new IllegalArgumentException(
            "'%s' makes no channels that may be cut; what does is %s".formatted(key, paths));
      }
    }
  }
}
