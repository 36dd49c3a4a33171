package org.espalier.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import org.espalier.nn.Module;
import org.espalier.tensor.Shape;

/**
 * Measures the memory of training steps: {@code memory [MODEL BATCH]}, ResNet-20 with 128 images
 * unless told otherwise. Each engine trains in a process of its own and prints how much its
 * resident memory grew from before the first step (engine loaded, weights and images made) to the
 * peak; ours also what its workspace made, which is what a step keeps, and what steady steps
 * allocate besides.
 */
public final class Memory {
  private static final Shape IMAGE = Shape.of(32, 32, 3);
  private static final int STEPS = 10;

  /** Steps until the compiler has done what it will: vectors are objects before. */
  private static final int WARM = 60;

  private static final long SEED = 1;

  /** What Linux wants to be told to forget the peak of resident memory. */
  private static final String RESET_PEAK = "5";

  private Memory() {}

  /** Runs both sides; with a first argument {@code espalier} or {@code libtorch}, that one here. */
  public static void main(String[] arguments) throws Exception {
    List<String> options = new ArrayList<>(List.of(arguments));
    String side = options.isEmpty() ? "" : options.get(0);
    switch (side) {
      case "espalier" -> espalier(options.get(1), Integer.parseInt(options.get(2)));
      case "libtorch" -> libtorch(options.get(1), Integer.parseInt(options.get(2)));
      default -> {
        String model = options.isEmpty() ? "resnet20" : options.get(0);
        String batch = options.size() < 2 ? "128" : options.get(1);
        System.out.printf("%s, batch %s, one thread%n", model, batch);
        process("espalier", model, batch);
        process("libtorch", model, batch);
      }
    }
  }

  private static void process(String side, String model, String batch) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseParallelGC", "-Xmn64m", "--add-modules"));
    command.addAll(List.of("jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.addAll(List.of(Memory.class.getName(), side, model, batch));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    int status = process.waitFor();
    if (status != 0) {
      throw new IllegalStateException(command + " ended with status " + status);
    }
  }

  private static void espalier(String model, int batch) throws Exception {
    new ForkJoinPool(1)
        .submit(
            () -> {
              Module net = Nets.make(model, IMAGE, 10, SEED);
              StepGroup.Ours ours = StepGroup.ours(model, batch, net, SEED);
              long growth = growth(ours, STEPS);
              System.out.printf(
                  "espalier: workspace %s, resident memory grew by %s (garbage included)%n",
                  mebibytes(ours.workspaceBytes()), mebibytes(growth));
              for (int step = STEPS; step < WARM; step++) {
                ours.run();
              }
              System.out.printf("espalier: a steady step allocates %,d bytes%n", allocated(ours));
              return null;
            })
        .get();
  }

  private static void libtorch(String model, int batch) throws Exception {
    Torch.start(1);
    Module net = Nets.make(model, IMAGE, 10, SEED);
    try (Side side = StepGroup.libtorch(model, batch, net, SEED)) {
      System.out.printf("libtorch: resident memory grew by %s%n", mebibytes(growth(side, STEPS)));
    }
  }

  private static long allocated(Side side) {
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    side.run();
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  private static long growth(Side side, int steps) throws IOException {
    // From here on: what starting took for a moment is no part of a step's peak.
    Files.writeString(Path.of("/proc/self/clear_refs"), RESET_PEAK);
    long before = status("VmRSS");
    for (int step = 0; step < steps; step++) {
      side.run();
    }
    return status("VmHWM") - before;
  }

  /** Returns a number of bytes the kernel keeps of this process. */
  private static long status(String key) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith(key)) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("memory: /proc/self/status has no " + key);
  }

  private static String mebibytes(long bytes) {
    return "%,d MiB".formatted(bytes >> 20);
  }
}
