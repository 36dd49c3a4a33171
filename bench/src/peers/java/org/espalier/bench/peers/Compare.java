package org.espalier.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.stream.Stream;
import org.espalier.tensor.DType;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Compares Espalier with other engines: {@code compare [--group NAME] [--match TEXT] [--threads
 * N,...] [--quick] [--cpu-time] [--json FILE]}.
 *
 * <p>The results so far are written after every contest; one that fails is reported and the others
 * go on. Exit status 1 says that some failed, 2 that the command line is wrong.
 */
public final class Compare {
  private static final Map<String, Group> GROUPS = new LinkedHashMap<>();

  /** What this group does is done in other processes, where no thread of ours spends time. */
  private static final String START = "start";

  static {
    GROUPS.put("gemm", new GemmGroup());
    GROUPS.put("product", new ProductGroup());
    GROUPS.put("linalg", new LinalgGroup());
    GROUPS.put("conv", new ConvGroup());
    GROUPS.put("conv1d", new Conv1dGroup());
    GROUPS.put("norm", new NormGroup());
    GROUPS.put("step", new StepGroup());
    GROUPS.put("infer", new InferGroup());
    GROUPS.put("pruned", new PrunedGroup());
    GROUPS.put("sparse", new SparseGroup());
    GROUPS.put("denormal", new DenormalGroup());
    GROUPS.put(START, new StartGroup());
  }

  private final Options options;
  private final Duel duel;
  private final List<Result> results = new ArrayList<>();
  private int failures;

  private Compare(Options options) {
    this.options = options;
    this.duel = new Duel(options.quick ? Pace.QUICK : Pace.FULL, options.processorTime);
  }

  /** What the command line asks for. */
  private static final class Options {
    String group;
    String match = "";
    int[] threads = {1};
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
          case "--threads" -> threads = counts(value(arguments, ++i));
          default -> throw usage("unknown argument " + arguments[i]);
        }
      }
      if (processorTime && (threads.length > 1 || threads[0] != 1 || START.equals(group))) {
        throw usage("--cpu-time counts one thread of this process only");
      }
      if (group != null && !GROUPS.containsKey(group)) {
        throw usage("unknown group " + group + ", known are " + GROUPS.keySet());
      }
    }

    private static int[] counts(String list) {
      int[] counts;
      try {
        counts = Stream.of(list.split(",")).mapToInt(Integer::parseInt).toArray();
      } catch (NumberFormatException e) {
        throw usage("--threads takes a number or several with commas, got " + list);
      }
      for (int count : counts) {
        if (count < 1) {
          throw usage("--threads must be positive, got " + list);
        }
      }
      return counts;
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
              + "; usage: compare [--group NAME] [--match TEXT] [--threads N,...] [--quick]"
              + " [--cpu-time] [--json FILE]");
    }

    boolean wants(String name) {
      return (group == null && !(processorTime && name.equals(START))) || name.equals(group);
    }
  }

  /** Runs the groups asked for. */
  public static void main(String[] arguments) {
    Compare compare;
    try {
      compare = new Compare(new Options(arguments));
    } catch (IllegalArgumentException bad) {
      System.err.println(bad.getMessage());
      System.exit(2);
      return;
    }
    System.exit(compare.run() ? 0 : 1);
  }

  private boolean run() {
    System.out.printf(
        "Java %s, kernels %s; ratio = peer's median / ours%n",
        Runtime.version(), KernelLookup.of(DType.F32).name());
    Report.head(System.out);
    write();
    for (int threads : options.threads) {
      // Our kernels fork into the pool they run in; the peers have their own threads.
      ForkJoinPool pool = new ForkJoinPool(threads);
      try {
        pool.submit(() -> contests(threads)).join();
      } finally {
        pool.shutdown();
      }
    }
    return failures == 0;
  }

  private void contests(int threads) {
    GROUPS.forEach(
        (name, group) -> {
          if (options.wants(name)) {
            contests(
                group.contests(threads).stream()
                    .filter(contest -> contest.name().contains(options.match))
                    .toList(),
                threads);
          }
        });
  }

  private void contests(List<Contest> contests, int threads) {
    Map<Contest, Double> differences = new LinkedHashMap<>();
    for (Contest contest : contests) {
      guarded(contest, threads, () -> differences.put(contest, duel.rehearse(contest)));
    }
    differences.forEach(
        (contest, difference) ->
            guarded(
                contest,
                threads,
                () -> {
                  Result result = duel.run(contest, threads, difference);
                  results.add(result);
                  Report.row(System.out, result);
                  write();
                }));
  }

  private void guarded(Contest contest, int threads, Runnable part) {
    try {
      // Anew each time: ND4J sets the number of threads of the OpenMP that libtorch uses too.
      Torch.start(threads);
      part.run();
    } catch (RuntimeException | LinkageError | OutOfMemoryError failure) {
      failures++;
      System.err.printf(
          "compare: %s %s against %s failed: %s%n",
          contest.group(), contest.name(), contest.peer(), failure);
    }
  }

  private void write() {
    try {
      Report.write(options.json.toAbsolutePath(), results);
    } catch (IOException e) {
      throw new UncheckedIOException("compare: " + options.json + " cannot be written", e);
    }
  }
}
