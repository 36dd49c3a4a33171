package org.espalier.io.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/** Collects records of CIFAR files and turns their channel planes into channels-last pixels. */
final class CifarRecords {
  private static final int PIXELS = 32 * 32;
  private static final int CHANNELS = 3;

  /** Far above the official 50,000, but a bound against a compressed file without end. */
  private static final int MOST_RECORDS = 1_000_000;

  private final CifarLabels labels;
  private final List<byte[]> pictures = new ArrayList<>();
  private final List<Integer> classes = new ArrayList<>();

  CifarRecords(CifarLabels labels) {
    this.labels = labels;
  }

  /** Adds all records of a file, plain or compressed. */
  void addFile(Path file) throws IOException {
    Compressed.read(
        file,
        in -> {
          addAll(file.toString(), in);
          return null;
        });
  }

  /** Adds all records of a stream; {@code where} names it in messages. */
  void addAll(String where, InputStream in) throws IOException {
    int length = labels.labelBytes() + PIXELS * CHANNELS;
    long offset = 0;
    for (byte[] record = in.readNBytes(length); record.length > 0; record = in.readNBytes(length)) {
      if (record.length < length) {
        throw new FormatException(
            where
                + ": byte "
                + offset
                + ": the last record has "
                + record.length
                + " bytes, expected "
                + length
                + " (cut short, or not "
                + labels
                + ")");
      }
      if (pictures.size() == MOST_RECORDS) {
        throw new FormatException(where + ": more than " + MOST_RECORDS + " records");
      }
      add(where, offset, record);
      offset += length;
    }
    if (offset == 0) {
      throw new FormatException(where + ": is empty, expected records of " + length + " bytes");
    }
  }

  /** Adds the records that another object has collected. */
  void addAll(CifarRecords other) {
    pictures.addAll(other.pictures);
    classes.addAll(other.classes);
  }

  private void add(String where, long offset, byte[] record) {
    int label = record[labels.labelPosition()] & 0xFF;
    if (label >= labels.classes()) {
      throw new FormatException(
          where
              + ": byte "
              + (offset + labels.labelPosition())
              + ": got label "
              + label
              + ", expected 0 to "
              + (labels.classes() - 1));
    }
    byte[] pixels = new byte[PIXELS * CHANNELS];
    for (int channel = 0; channel < CHANNELS; channel++) {
      int plane = labels.labelBytes() + channel * PIXELS;
      for (int i = 0; i < PIXELS; i++) {
        pixels[i * CHANNELS + channel] = record[plane + i];
      }
    }
    pictures.add(pixels);
    classes.add(label);
  }

  /** Returns everything collected. */
  Dataset toDataset(List<String> classNames) {
    return new MemoryDataset(
        Shape.of(32, 32, CHANNELS),
        classNames,
        pictures.toArray(byte[][]::new),
        classes.stream().mapToInt(Integer::intValue).toArray());
  }
}
