package org.espalier.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import org.espalier.tensor.DType;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Compares Espalier with other engines: {@code compare [--group NAME] [--match TEXT] [--threads N]
 * [--quick] [--cpu-time] [--json FILE]}.
 */
public final class Compare {
  private static final Map<String, Group> GROUPS = new LinkedHashMap<>();

  static {
    GROUPS.put("gemm", new GemmGroup());
    GROUPS.put("conv", new ConvGroup());
  }

  private Compare() {}

  /** What the command line asks for. */
  private static final class Options {
    String group;
    String match = "";
    int threads = 1;
    boolean quick;
    boolean processorTime;
    Path json = Path.of("compare.json");

    Options(String[] arguments) {
      for (int i = 0; i < arguments.length; i++) {
        switch (arguments[i]) {
          case "--quick" -> quick = true;
          case "--cpu-time" -> processorTime = true;
          case "--group" -> group = value(arguments, ++i);
          case "--match" -> match = value(arguments, ++i);
          case "--json" -> json = Path.of(value(arguments, ++i));
          case "--threads" -> threads = Integer.parseInt(value(arguments, ++i));
          default -> throw usage("unknown argument " + arguments[i]);
        }
      }
      if (processorTime && threads != 1) {
        throw usage("--cpu-time counts one thread only");
      }
      if (group != null && !GROUPS.containsKey(group)) {
        throw usage("unknown group " + group + ", known are " + GROUPS.keySet());
      }
    }

    private static String value(String[] arguments, int i) {
      if (i >= arguments.length) {
        throw usage(arguments[i - 1] + " needs a value");
      }
      return arguments[i];
    }

    private static IllegalArgumentException usage(String what) {
      return new IllegalArgumentException(
          what
              + "; usage: compare [--group NAME] [--match TEXT] [--threads N] [--quick] [--cpu-time]"
              + " [--json FILE]");
    }
  }

  /** Runs the groups asked for. */
  public static void main(String[] arguments) throws IOException {
    Options options;
    try {
      options = new Options(arguments);
    } catch (IllegalArgumentException bad) {
      System.err.println(bad.getMessage());
      System.exit(2);
      return;
    }
    System.out.printf(
        "Java %s, kernels %s, threads %d; ratio = peer's median / ours%n",
        Runtime.version(), KernelLookup.of(DType.F32).name(), options.threads);
    Report.head(System.out);
    List<Result> results = new ArrayList<>();
    // Our kernels fork into the pool they run in; the peers have their own threads.
    ForkJoinPool pool = new ForkJoinPool(options.threads);
    try {
      pool.submit(() -> contests(options, results)).join();
    } finally {
      pool.shutdown();
    }
    Report.write(options.json.toAbsolutePath(), results);
  }

  private static void contests(Options options, List<Result> results) {
    Torch.start(options.threads);
    Duel duel = new Duel(options.quick, options.processorTime);
    GROUPS.forEach(
        (name, group) -> {
          if (options.group == null || options.group.equals(name)) {
            for (Contest contest : group.contests(options.threads)) {
              if (contest.name().contains(options.match)) {
                Result result = duel.run(contest, options.threads);
                results.add(result);
                Report.row(System.out, result);
              }
            }
          }
        });
  }
}
