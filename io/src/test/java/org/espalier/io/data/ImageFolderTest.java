package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.espalier.io.PictureOptions;
import org.espalier.io.PictureOptions.Colour;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.io.Png;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderTest {
  private static final PictureOptions GREY = PictureOptions.of(Colour.GREY);

  @TempDir Path folder;

  private void picture(String name, int height, int width, int value) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    byte[] pixels = new byte[height * width];
    Arrays.fill(pixels, (byte) value);
    Files.write(file, Png.encode(height, width, 1, pixels));
  }

  @BeforeEach
  void twoClasses() throws IOException {
    picture("dog/b.PNG", 2, 3, 20);
    picture("dog/a.png", 2, 3, 10);
    picture("cat/z.png", 2, 3, 200);
    Files.createFile(folder.resolve("cat/.hidden"));
    Files.createFile(folder.resolve("notes.txt"));
  }

  private void assertRefused(Path place, String reason) {
    String message =
        assertThrows(FormatException.class, () -> ImageFolder.read(folder, GREY)).getMessage();
    assertTrue(message.startsWith(place + ": "), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void classesAndPicturesAreSortedByName() throws IOException {
    Dataset data = ImageFolder.read(folder, GREY);
    assertEquals(List.of("cat", "dog"), data.classNames());
    assertEquals(Shape.of(2, 3, 1), data.sampleShape());
    float[] out = new float[18];
    for (int i = 0; i < 3; i++) {
      data.read(i, out, 6 * i);
    }
    assertArrayEquals(
        new float[] {200 / 255f, 10 / 255f, 20 / 255f}, new float[] {out[5], out[6], out[17]});
    assertArrayEquals(new int[] {0, 1, 1}, new int[] {data.label(0), data.label(1), data.label(2)});
  }

  @Test
  void oddSizesNeedAStatedWay() throws IOException {
    picture("cat/zz.png", 5, 5, 0);
    assertRefused(folder.resolve("cat/zz.png"), "got a picture of 5x5 pixels, expected 2x3");
    Dataset data = ImageFolder.read(folder, GREY.sized(4, 4, Resize.PAD));
    assertEquals(Shape.of(4, 4, 1), data.sampleShape());
    assertEquals(4, data.size());
  }

  @Test
  void classesMayBeGiven() throws IOException {
    Dataset data = ImageFolder.read(folder, List.of("ant", "cat", "dog"), GREY);
    assertEquals(1, data.label(0));
    assertEquals(3, data.classNames().size());
    assertEquals(
        folder.resolve("dog") + ": is no class; the classes are [cat]",
        assertThrows(FormatException.class, () -> ImageFolder.read(folder, List.of("cat"), GREY))
            .getMessage());
  }

  @Test
  void anythingOutOfPlaceIsNamed() throws IOException {
    Path text = Files.createFile(folder.resolve("cat/a.txt"));
    assertRefused(text, "is no .png");
    Files.delete(text);
    Path damaged =
        Files.write(folder.resolve("cat/x.jpg"), new byte[] {(byte) 0xFF, (byte) 0xD8, 1});
    assertRefused(damaged, "damaged or unsupported picture");
    Files.delete(damaged);
    Path nested = Files.createDirectory(folder.resolve("dog/puppy"));
    assertRefused(nested, "classes do not nest");
    Files.delete(nested);
    Path empty = Files.createDirectory(folder.resolve("emu"));
    assertRefused(empty, "holds no pictures");
    Files.delete(empty);
    picture("stray.png", 2, 3, 0);
    assertRefused(folder.resolve("stray.png"), "beside the class folders");
  }

  @Test
  void aFolderThatIsNoneIsNamed(@TempDir Path other) throws IOException {
    assertThrows(NoSuchFileException.class, () -> ImageFolder.read(other.resolve("no"), GREY));
    Path file = Files.createFile(other.resolve("file"));
    assertThrows(NotDirectoryException.class, () -> ImageFolder.read(file, GREY));
    assertThrows(FormatException.class, () -> ImageFolder.read(other, GREY));
  }
}
