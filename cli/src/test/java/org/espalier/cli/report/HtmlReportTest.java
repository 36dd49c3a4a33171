package org.espalier.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlReportTest {
  @TempDir private Path folder;

  private String written(HtmlReport report) throws IOException {
    Path file = folder.resolve("report.html");
    report.write(file);
    return Files.readString(file);
  }

  @Test
  void namesOfFoldersCannotBecomeMarkup() throws IOException {
    String bad = "<img src=\"http://x\">&";
    String page =
        written(
            new HtmlReport(bad)
                .section(bad)
                .note(bad)
                .table(List.of(List.of(bad), List.of(bad)))
                .beginSamples()
                .sample(new byte[] {1}, bad, false)
                .endSamples());
    assertFalse(page.contains("http://x\">"), page);
    assertEquals(6, page.split("&lt;img src=&quot;http://x&quot;&gt;&amp;", -1).length - 1);
    assertTrue(page.contains("class=\"wrong\""));
  }

  @Test
  void curvesWithGapsAndWithNothingAreShown() throws IOException {
    List<double[]> gap =
        List.of(new double[] {1, 2}, new double[] {2, Double.NaN}, new double[] {3, 1});
    List<double[]> nothing = List.of(new double[] {1, Double.NaN});
    String page =
        written(
            new HtmlReport("t")
                .lines("Loss", "epoch", "loss", Map.of("a", gap))
                .lines("Nothing", "epoch", "loss", Map.of("a", nothing))
                .bars("Widths", "channels", List.of("c"), Map.of("before", List.of(3))));
    assertTrue(page.contains("Loss") && page.contains("Widths"), page);
    assertTrue(page.endsWith("</body></html>\n"));
  }
}
