package org.espalier.sparse.prune;

import java.util.List;

/** Prints the members of a group or selection, one a line. */
final class MemberTable {
  private MemberTable() {}

  static String of(String title, List<Member> members, List<String> pins) {
    return of(
        title + (pins.isEmpty() ? ", prunable" : ", pinned: " + String.join("; ", pins)), members);
  }

  static String of(String title, List<Member> members) {
    StringBuilder text = new StringBuilder(title);
    int path = members.stream().mapToInt(m -> m.path().length()).max().orElse(0);
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      text.append(
          "\n  %-4s  %-5s  %-{path}s  axis %d  %s  %s"
              .replace("{path}", String.valueOf(Math.max(1, path)))
              .formatted(
                  i == 0 ? "root" : "",
                  member.side().name().toLowerCase(java.util.Locale.ROOT),
                  member.path(),
                  member.axis(),
                  Ranges.of(member.indices()),
                  member.why()));
    }
    return text.toString();
  }
}
