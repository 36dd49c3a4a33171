package org.espalier.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a file so that its name always leads to the old contents or to the whole new ones: bytes
 * go to a temporary sibling that is moved over the name at the end.
 */
public final class AtomicFile {
  private static final int BUFFER = 1 << 16;

  private AtomicFile() {}

  /** Writes the contents of a file. */
  @FunctionalInterface
  public interface Contents {
    /** Writes to a buffered stream, which the caller closes. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** Writes a file and moves it into place; on failure the old file stays and nothing is left. */
  public static void write(Path file, Contents contents) throws IOException {
    write(file, false, contents);
  }

  /**
   * Writes a file, waits until the disk holds it, and moves it into place: what checkpoints need to
   * survive a power cut.
   */
  public static void writeDurably(Path file, Contents contents) throws IOException {
    write(file, true, contents);
  }

  private static void write(Path file, boolean durable, Contents contents) throws IOException {
    Path target = file.toAbsolutePath();
    Path temporary =
        target.resolveSibling(
            "." + target.getFileName() + "." + Long.toHexString(System.nanoTime()) + ".tmp");
    try {
      writeTemporary(temporary, durable, contents);
      move(temporary, target);
    } catch (IOException | RuntimeException | Error problem) {
      Files.deleteIfExists(temporary);
      throw problem;
    }
  }

  private static void writeTemporary(Path temporary, boolean durable, Contents contents)
      throws IOException {
    try (FileChannel channel =
            FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER)) {
      contents.writeTo(out);
      out.flush();
      if (durable) {
        channel.force(true);
      }
    }
  }

  private static void move(Path temporary, Path target) throws IOException {
    try {
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException unsupported) {
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
