package org.espalier.cli;

import java.io.PrintWriter;
import org.espalier.tensor.kernel.KernelLookup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Prints what this machine offers: the Java virtual machine, the kernels chosen and why, threads
 * and memory.
 */
@Command(
    name = "info",
    description =
        "Prints the Java virtual machine, the kernels chosen and why, threads and memory.",
    mixinStandardHelpOptions = true)
final class InfoCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    Runtime runtime = Runtime.getRuntime();
    PrintWriter out = spec.commandLine().getOut();
    out.println("Java      " + System.getProperty("java.vm.name") + " " + Runtime.version());
    out.println("Machine   " + System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    out.println("Kernels   " + KernelLookup.describe());
    out.println("Threads   " + runtime.availableProcessors());
    out.println("Heap      at most " + Figures.count(runtime.maxMemory() >> 20) + " MiB");
    out.flush();
  }
}
