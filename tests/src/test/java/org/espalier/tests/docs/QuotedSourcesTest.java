package org.espalier.tests.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keeps the code in the documentation equal to the regions of checked-in, running sources. */
class QuotedSourcesTest {
  private static final Pattern QUOTE =
      Pattern.compile("<!-- region: ([\\w-]+) -->\\s*```java\\n(.*?)```", Pattern.DOTALL);

  private static Path root() {
    return Path.of(System.getProperty("espalier.root", ".."));
  }

  @ParameterizedTest
  @CsvSource({
    "README.md, ReadmeExamplesTest.java, 2",
    "docs/follow-one-batch.md, FollowOneBatchTest.java, 9"
  })
  void everyQuoteIsTheRegionItNames(String document, String source, int leastQuotes)
      throws IOException {
    String text = Files.readString(root().resolve(document));
    List<String> lines =
        Files.readAllLines(
            root().resolve("tests/src/test/java/org/espalier/tests/docs").resolve(source));
    Matcher quotes = QUOTE.matcher(text);
    int found = 0;
    while (quotes.find()) {
      assertEquals(
          region(lines, quotes.group(1)), quotes.group(2).stripTrailing(), quotes.group(1));
      found++;
    }
    assertTrue(
        found >= leastQuotes, document + " quotes " + found + " regions, expected " + leastQuotes);
  }

  /**
   * Returns the lines between {@code // region: name} and {@code // end region}, without common
   * indentation.
   */
  private static String region(List<String> lines, String name) {
    int start = -1;
    List<String> inside = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).strip().equals("// region: " + name)) {
        start = i;
      } else if (start >= 0 && lines.get(i).strip().equals("// end region")) {
        return String.join("\n", inside).stripIndent().stripTrailing();
      } else if (start >= 0) {
        inside.add(lines.get(i));
      }
    }
    throw new AssertionError("no region '" + name + "'");
  }
}
