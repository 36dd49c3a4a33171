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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keeps the code in the documentation equal to the regions of checked-in, running sources. */
class QuotedSourcesTest {
  private static final Pattern QUOTE =
      Pattern.compile("<!-- region: ([\\w-]+) -->\\s*```java\\n(.*?)```", Pattern.DOTALL);

  private static final Pattern FILE =
      Pattern.compile("<!-- file: (\\S+) -->\\s*```java\\n(.*?)```", Pattern.DOTALL);

  private static Path root() {
    return Path.of(System.getProperty("espalier.root", ".."));
  }

  @ParameterizedTest
  @CsvSource({
    "README.md, ReadmeExamplesTest.java, 2",
    "docs/follow-one-batch.md, FollowOneBatchTest.java, 9",
    "docs/adding-a-criterion.md, AddingACriterionTest.java CriterionTableTest.java, 2"
  })
  void everyQuoteIsTheRegionItNames(String document, String sources, int leastQuotes)
      throws IOException {
    String text = Files.readString(root().resolve(document));
    List<String> lines = new ArrayList<>();
    for (String source : sources.split(" ")) {
      lines.addAll(Files.readAllLines(find(source)));
    }
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

  /** Finds a test's source by its file name, of which there is one. */
  private static Path find(String name) throws IOException {
    try (Stream<Path> files = Files.walk(root())) {
      return files
          .filter(file -> file.getFileName().toString().equals(name))
          .filter(file -> !file.toString().contains("target"))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no source " + name));
    }
  }

  @Test
  void everyQuotedClassIsTheWholeClass() throws IOException {
    String document = Files.readString(root().resolve("docs/adding-a-criterion.md"));
    Matcher quotes = FILE.matcher(document);
    assertTrue(quotes.find(), "a class is quoted");
    do {
      String source = Files.readString(root().resolve(quotes.group(1)));
      assertEquals(
          source.substring(source.indexOf("/**")).stripTrailing(),
          quotes.group(2).stripTrailing(),
          quotes.group(1));
    } while (quotes.find());
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
