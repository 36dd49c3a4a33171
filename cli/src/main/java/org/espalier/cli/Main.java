package org.espalier.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Starts the command line: finds the command, runs it, and turns every failure into one sentence.
 */
@Command(
    name = "espalier",
    description = "Trains, prunes, shrinks and runs convolutional networks in pure Java.",
    mixinStandardHelpOptions = true,
    version = "espalier 0.1.0",
    subcommands = {
      TrainCommand.class,
      EvalCommand.class,
      PruneCommand.class,
      DecomposeCommand.class,
      QuantizeCommand.class,
      SensitivityCommand.class,
      CompareCriteriaCommand.class,
      PredictCommand.class,
      CostCommand.class,
      InfoCommand.class,
      HelpCommand.class
    })
public final class Main implements Runnable {
  @Spec private CommandSpec spec;

  private Main() {}

  /**
   * Runs the command given and exits: 0 well done, 2 wrong use or damaged input, 130 interrupted.
   */
  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs the command given and returns the exit status. */
  static int run(String... arguments) {
    CommandLine commandLine = commandLine();
    try {
      return commandLine.execute(arguments);
    } catch (Error failure) {
      return Failures.report(failure, commandLine);
    }
  }

  /** Returns the parser of all commands. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(110)
        .setParameterExceptionHandler(Main::wrongUse)
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> Failures.report(failure, command));
  }

  private static int wrongUse(ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    command
        .getErr()
        .println(
            "espalier: "
                + failure.getMessage()
                + " (see "
                + command.getCommandSpec().qualifiedName()
                + " --help)");
    return Failures.WRONG_USE;
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
