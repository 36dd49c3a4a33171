package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
  @TempDir Path folder;

  private FeatureDataset read(String text, CsvOptions options) throws IOException {
    return Csv.read(Files.writeString(folder.resolve("a.csv"), text), options);
  }

  private void assertRefused(String text, CsvOptions options, String reason) {
    String message = assertThrows(FormatException.class, () -> read(text, options)).getMessage();
    assertEquals(folder.resolve("a.csv") + ": " + reason, message);
  }

  private static float[] row(Dataset data, int index) {
    float[] out = new float[data.sampleShape().count()];
    data.read(index, out, 0);
    return out;
  }

  @Test
  void readsFeaturesAndClasses() throws IOException {
    FeatureDataset data = read("w,h,kind\n1,-2.5,b\r\n+3e1, .5 ,a\n7.,0,b", CsvOptions.standard());
    assertEquals(List.of("w", "h"), data.featureNames());
    assertEquals(List.of("a", "b"), data.classNames());
    assertEquals(Shape.of(2), data.sampleShape());
    assertArrayEquals(new float[] {1, -2.5f}, row(data, 0));
    assertArrayEquals(new float[] {30, 0.5f}, row(data, 1));
    assertArrayEquals(new int[] {1, 0, 1}, new int[] {data.label(0), data.label(1), data.label(2)});
  }

  @Test
  void theLabelMayBeAnyColumnByNameOrNumber() throws IOException {
    CsvOptions standard = CsvOptions.standard();
    for (String column : List.of("kind", "1", "-2")) {
      FeatureDataset data = read("w,kind,h\n1,x,2\n", standard.labelColumn(column));
      assertEquals(List.of("w", "h"), data.featureNames());
      assertArrayEquals(new float[] {1, 2}, row(data, 0));
    }
    FeatureDataset plain = read("5;1;2\n", standard.separator(';').header(false).labelColumn("0"));
    assertEquals(List.of("column1", "column2"), plain.featureNames());
    assertEquals(List.of("5"), plain.classNames());
    assertRefused(
        "w,kind\n1,x\n",
        standard.labelColumn("colour"),
        "line 1: no label column 'colour'; the columns are [w, kind]");
    assertRefused(
        "w,kind\n1,x\n",
        standard.labelColumn("-3"),
        "line 1: no label column '-3'; the columns are [w, kind]");
  }

  @Test
  void quotedFieldsMayHoldSeparatorsQuotesAndLineBreaks() throws IOException {
    FeatureDataset data =
        read("\uFEFF\"w, cm\",kind\n\"1\",\"a \"\"b\"\",\nc\"\n2,d\n", CsvOptions.standard());
    assertEquals(List.of("w, cm"), data.featureNames());
    assertEquals(List.of("a \"b\",\nc", "d"), data.classNames());
    assertRefused(
        "w,kind\n\"1\n2\",\"a\"\n3,\"b\"x\n",
        CsvOptions.standard(),
        "line 2, column 1 ('w'): got '1\n2', expected a number");
    assertRefused(
        "w,kind\n1,\"a\nb\"\n3,\"b\"x\n",
        CsvOptions.standard(),
        "line 4, column 2: text behind the closing quote");
    assertRefused(
        "w,kind\n1,\"a\n",
        CsvOptions.standard(),
        "line 3, column 2: a quoted field without its closing quote");
    assertRefused(
        "w,kind\n1,a\"b\"\n",
        CsvOptions.standard(),
        "line 2, column 2: a quote inside a field that does not begin with one");
  }

  @Test
  void integerClassesAreInTheOrderOfTheirNumbers() throws IOException {
    assertEquals(List.of("2", "10"), read("w,k\n1,10\n1,2\n", CsvOptions.standard()).classNames());
  }

  @Test
  void missingNumbersAreRefusedOrReplaced() throws IOException {
    String text = "w,h,k\n1,,a\n?,NaN,a\n";
    assertRefused(
        text,
        CsvOptions.standard(),
        "line 2, column 2 ('h'): the number is missing; state a value for missing ones");
    FeatureDataset data = read(text, CsvOptions.standard().missing(-1));
    assertArrayEquals(new float[] {1, -1}, row(data, 0));
    assertArrayEquals(new float[] {-1, -1}, row(data, 1));
    assertRefused(
        "w,k\n1,\n", CsvOptions.standard(), "line 2, column 2 ('k'): the class is missing");
  }

  @Test
  void classesMayBeGiven() throws IOException {
    CsvOptions options = CsvOptions.standard().classNames(List.of("b", "a"));
    assertEquals(1, read("w,k\n1,a\n", options).label(0));
    assertRefused(
        "w,k\n1,a\n1,c\n",
        options,
        "line 3, column 2 ('k'): got class 'c', expected one of [b, a]");
  }

  @Test
  void badRowsAreNamed() {
    CsvOptions standard = CsvOptions.standard();
    assertRefused("w,k\n1,a,2\n", standard, "line 2: got 3 fields, expected 2");
    assertRefused("w,k\n1,a\n\n2,a\n", standard, "line 3: got 1 fields, expected 2");
    for (String bad : List.of("0x10", "1f", "1 2", "Infinity", "1e", ".")) {
      assertRefused(
          "w,k\n" + bad + ",a\n",
          standard,
          "line 2, column 1 ('w'): got '" + bad + "', expected a number");
    }
    assertRefused(
        "w,k\n1e99,a\n",
        standard,
        "line 2, column 1 ('w'): got '1e99', which does not fit a 32-bit float");
    assertRefused("", standard, "holds no rows");
    assertRefused("w,k\n", standard, "holds no rows");
    assertRefused(
        "w;k\n1;a\n",
        standard,
        "line 1: got one column, expected features and a label (is ',' the separator?)");
  }

  @Test
  void bytesThatAreNoTextAreRefused() throws IOException {
    Path file =
        Files.write(
            folder.resolve("a.csv"), "w,k\n1,\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
    assertEquals(
        file + ": not valid UTF-8 text",
        assertThrows(FormatException.class, () -> Csv.read(file, CsvOptions.standard()))
            .getMessage());
  }
}
