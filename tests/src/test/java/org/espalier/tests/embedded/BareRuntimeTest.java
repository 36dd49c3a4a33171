package org.espalier.tests.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Starts a JVM with {@code java.base} alone, no usable temp folder and nothing to write to, and
 * trains in it.
 */
class BareRuntimeTest {
  private static final List<String> CORE = List.of("tensor", "autograd", "nn", "optim", "sparse");

  @TempDir Path folder;

  @Test
  void theCoreTrainsPrunesAndInfersOnJavaBaseAlone() throws Exception {
    Path work = Files.createDirectory(folder.resolve("work"));
    run(bareJava(folder.resolve("no-such-folder")), work);
  }

  @Test
  void theCoreNeedsNeitherAWritableFolderNorOneToExecuteFrom() throws Exception {
    Path work = Files.createDirectory(folder.resolve("work"));
    Path temporary = Files.createDirectory(folder.resolve("temporary"));
    // Mounts of our own, seen by the child alone: a noexec temp folder, a read-only working folder.
    String mounts =
        "mount -t tmpfs -o noexec tmpfs '%s' && mount --bind '%s' '%s' && mount -o remount,ro,bind '%s'"
            .formatted(temporary, work, work, work);
    assumeTrue(
        canMount(mounts), "needs the right to mount (unshare --mount), which this machine refuses");
    List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c"));
    command.add(mounts + " && cd '" + work + "' && exec \"$@\"");
    command.add("sh");
    command.addAll(bareJava(temporary));
    run(command, work);
  }

  private static boolean canMount(String mounts) throws InterruptedException {
    try {
      return new ProcessBuilder("unshare", "--mount", "sh", "-c", mounts)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException absent) {
      return false;
    }
  }

  private static List<String> bareJava(Path temporary) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--limit-modules",
        "java.base",
        "-Djava.io.tmpdir=" + temporary,
        "-Xmx256m",
        "-cp",
        coreClassPath(),
        BareApplication.class.getName());
  }

  private void run(List<String> command, Path work) throws IOException, InterruptedException {
    Path log = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(work.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "still running");
    String output = Files.readString(log);
    assertEquals(0, process.exitValue(), output);
    assertTrue(output.contains("kernels=scalar"), output);
    assertTrue(output.contains("modules=1\n"), output);
    assertTrue(output.contains("learned=true"), output);
    assertTrue(output.contains("cut=true"), output);
    try (Stream<Path> written = Files.list(work)) {
      assertEquals(List.of(), written.toList(), "nothing may be written");
    }
  }

  /** Returns the core's jars (or class folders) and this test's own classes, and nothing else. */
  private static String coreClassPath() {
    String classPath =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> isCore(entry) || entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator));
    assertTrue(classPath.split(File.pathSeparator).length >= CORE.size() + 1, classPath);
    return classPath;
  }

  private static boolean isCore(String entry) {
    return CORE.stream()
        .anyMatch(
            module ->
                entry.endsWith(Path.of(module, "target", "classes").toString())
                    || new File(entry).getName().startsWith("espalier-" + module + "-"));
  }
}
