package org.espalier.bench.peers;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * From the start of the JVM to the first product of 256x256 matrices printed: processes of their
 * own, one program for each engine, with the libraries of that engine only.
 */
final class StartGroup implements Group {
  private static final List<String> VECTORS = List.of("--add-modules", "jdk.incubator.vector");

  @Override
  public List<Contest> contests(int threads) {
    return List.of(
        contest("", VECTORS, "ejml", () -> program(StartEjml.class, List.of(), "ejml")),
        contest(
            ", no Vector API",
            List.of(),
            "ejml",
            () -> program(StartEjml.class, List.of(), "ejml")),
        contest(
            "",
            VECTORS,
            "libtorch",
            () ->
                program(
                    StartTorch.class,
                    List.of("-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true"),
                    "api",
                    "pytorch",
                    "slf4j",
                    "gson",
                    "jna",
                    "commons")));
  }

  private static Contest contest(
      String addition, List<String> options, String peer, Supplier<Side> other) {
    return new Contest(
        "start",
        "first product 256x256" + addition,
        peer,
        () -> new Sides(program(StartEspalier.class, options, "espalier-tensor"), other.get()));
  }

  private static Side program(Class<?> main, List<String> options, String... libraries) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", classPath(libraries), main.getName()));
    return new Program(command);
  }

  /** Returns the folders of our class path, and the libraries whose names begin so. */
  private static String classPath(String... libraries) {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(
            entry -> {
              String name = Path.of(entry).getFileName().toString();
              return !name.endsWith(".jar") || Stream.of(libraries).anyMatch(name::startsWith);
            })
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Runs a program that prints one number. */
  private static final class Program implements Side {
    private final List<String> command;
    private String printed;

    Program(List<String> command) {
      this.command = command;
    }

    @Override
    public void run() {
      try {
        Process process =
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        byte[] output = process.getInputStream().readAllBytes();
        int status = process.waitFor();
        if (status != 0) {
          throw new IllegalStateException(command + " ended with status " + status);
        }
        printed = new String(output, StandardCharsets.US_ASCII).strip();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while a program ran", e);
      }
    }

    @Override
    public List<float[]> outputs() {
      return List.of(new float[] {Float.parseFloat(printed)});
    }
  }
}
