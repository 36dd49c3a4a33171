package org.espalier.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.espalier.io.Png;

/** Writes data sets of a few small pictures, whose class is where the bright square lies. */
final class TinyData {
  static final int SIDE = 8;
  static final int CLASSES = 3;

  private TinyData() {}

  private static byte[] picture(int index, int channels) {
    byte[] pixels = new byte[SIDE * SIDE * channels];
    int from = 2 * (index % CLASSES);
    for (int i = 0; i < pixels.length; i++) {
      int row = i / channels / SIDE;
      boolean bright = row >= from && row < from + 2;
      pixels[i] = (byte) ((bright ? 180 : 20) + (index * 31 + i * 17) % 60);
    }
    return pixels;
  }

  static Path idx(Path folder, int training, int test) throws IOException {
    Files.createDirectories(folder);
    idxPart(folder, "train", training);
    idxPart(folder, "t10k", test);
    return folder;
  }

  private static void idxPart(Path folder, String name, int count) throws IOException {
    ByteArrayOutputStream images = new ByteArrayOutputStream();
    images.write(
        ByteBuffer.allocate(16).putInt(0x803).putInt(count).putInt(SIDE).putInt(SIDE).array());
    ByteArrayOutputStream labels = new ByteArrayOutputStream();
    labels.write(ByteBuffer.allocate(8).putInt(0x801).putInt(count).array());
    for (int i = 0; i < count; i++) {
      images.write(picture(i, 1));
      labels.write(i % CLASSES);
    }
    Files.write(folder.resolve(name + "-images-idx3-ubyte"), images.toByteArray());
    Files.write(folder.resolve(name + "-labels-idx1-ubyte"), labels.toByteArray());
  }

  static Path images(Path folder, int perClass) throws IOException {
    for (int i = 0; i < perClass * CLASSES; i++) {
      Path file = folder.resolve("row" + i % CLASSES).resolve(i + ".png");
      Files.createDirectories(file.getParent());
      Files.write(file, Png.encode(SIDE, SIDE, 3, picture(i, 3)));
    }
    return folder;
  }

  static Path png(Path file, int height, int width) throws IOException {
    return Files.write(file, Png.encode(height, width, 3, new byte[height * width * 3]));
  }
}
