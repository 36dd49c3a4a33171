package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the command line as processes of their own: signals, and the launcher. */
class ProcessTest {
  private static final String TRAIN =
      "train --data idx:%s --model resnet8 --epochs 20 --batch-size 16 --prune sfp:0.4"
          + " --augment crop1,flip --save-every 1steps --out %s";

  @TempDir private static Path shared;
  private static byte[] uninterrupted;

  @TempDir private Path folder;

  @BeforeAll
  static void trainWithoutInterruption() throws IOException {
    TinyData.idx(shared.resolve("idx"), 160, 12);
    Path run = shared.resolve("run");
    Cli.of(TRAIN, shared.resolve("idx"), run).done();
    uninterrupted = Files.readAllBytes(run.resolve("model.safetensors"));
  }

  private Process start(Path run) throws IOException {
    List<String> command = new ArrayList<>(defaultSignals());
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    }
    command.addAll(List.of("-Xmx1g", "-Despalier.latency.seconds=0.01", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.addAll(List.of(TRAIN.formatted(shared.resolve("idx"), run).split(" ")));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("printed").toFile())
        .start();
  }

  /** A shell starts what runs in the background deaf to Ctrl-C, and its children inherit that. */
  private static List<String> defaultSignals() throws IOException {
    List<String> prefix = List.of("env", "--default-signal=INT");
    try {
      List<String> probe = Stream.concat(prefix.stream(), Stream.of("true")).toList();
      return new ProcessBuilder(probe).start().waitFor() == 0 ? prefix : List.of();
    } catch (IOException noEnv) {
      return List.of();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** Waits for the run's first snapshot and then a moment more. */
  private static void awaitSnapshot(Process process, Path run) throws InterruptedException {
    while (process.isAlive() && !Files.exists(run.resolve("snapshots/last.safetensors"))) {
      Thread.sleep(20);
    }
    Thread.sleep(new Random().nextInt(400));
    assertTrue(process.isAlive(), "the run was over before it could be interrupted");
  }

  private void assertResumesToTheSameBits(Path run) throws IOException {
    assertFalse(Files.exists(run.resolve("model.safetensors")));
    Cli.of("train --resume %s", run).done();
    assertArrayEquals(uninterrupted, Files.readAllBytes(run.resolve("model.safetensors")));
  }

  @Test
  void aKilledRunEndsWithTheSameBits() throws Exception {
    Path run = folder.resolve("run");
    Process process = start(run);
    awaitSnapshot(process, run);
    process.destroyForcibly().waitFor();
    assertResumesToTheSameBits(run);
  }

  @Test
  void controlCLeavesASnapshotAndSaysHowToGoOn() throws Exception {
    Path run = folder.resolve("run");
    Process process = start(run);
    awaitSnapshot(process, run);
    assumeTrue(
        new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor() == 0,
        "there is no 'kill' on this machine");
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    String printed = Files.readString(folder.resolve("printed"));
    assertEquals(130, process.exitValue(), printed);
    assertTrue(printed.contains("go on with: ./espalier train --resume " + run), printed);
    assertFalse(printed.contains("Exception"), printed);
    assertResumesToTheSameBits(run);
  }

  @Test
  void theLauncherPassesFailuresThrough() throws Exception {
    Path launcher = Path.of(System.getProperty("espalier.root", ".."), "espalier");
    assumeTrue(Files.exists(Path.of("/usr/bin/env")), "there is no /usr/bin/env on this machine");
    Path root = installed(launcher);
    Process process =
        new ProcessBuilder(root.resolve("espalier").toString(), "eval", "nothing.safetensors")
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes());
    assertEquals(2, process.waitFor(), printed);
    assertEquals("espalier: no such file or folder: nothing.safetensors", printed.strip());
  }

  /** Lays the launcher into a folder where everything is built already. */
  private Path installed(Path launcher) throws IOException {
    Path root = folder.resolve("installed");
    Path libraries = Files.createDirectories(root.resolve("cli/target/lib"));
    Files.copy(
        launcher, root.resolve("espalier"), java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
    Files.createFile(libraries.resolve(".built"));
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest
        .getMainAttributes()
        .put(
            Attributes.Name.CLASS_PATH,
            Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toUri().toString())
                .collect(Collectors.joining(" ")));
    try (OutputStream out = Files.newOutputStream(libraries.resolve("all.jar"))) {
      new JarOutputStream(out, manifest).close();
    }
    return root;
  }
}
