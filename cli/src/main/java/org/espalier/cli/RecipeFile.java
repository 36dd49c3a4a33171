package org.espalier.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.espalier.cli.recipe.NearestName;
import org.espalier.io.AtomicFile;
import org.espalier.io.Json;
import org.espalier.tensor.FormatException;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Is a recipe: the options of {@code train} by their long names, without dashes, as one JSON
 * object. What it holds stands in for options that the command line does not name.
 *
 * <pre>{@code
 * {"data": "shapes", "model": "resnet20", "epochs": 12, "prune": "sfp:0.4", "seed": 1}
 * }</pre>
 */
final class RecipeFile implements IDefaultValueProvider {
  /** The name under which a run folder keeps the recipe of its run. */
  static final String NAME = "recipe.json";

  private static final String DASHES = "--";
  private static final Set<String> NOT_IN_A_RECIPE = Set.of("help", "version", "recipe", "resume");

  private final Path file;
  private final Map<String, String> values;

  private RecipeFile(Path file, Map<String, String> values) {
    this.file = file;
    this.values = values;
  }

  /**
   * Reads a recipe, or that of a run folder; names that are no options of the command are refused.
   */
  static RecipeFile read(Path place, CommandSpec command) throws IOException {
    Path file = Files.isDirectory(place) ? place.resolve(NAME) : place;
    Set<String> known = new TreeSet<>();
    for (OptionSpec option : command.options()) {
      known.add(option.longestName().substring(DASHES.length()));
    }
    known.removeAll(NOT_IN_A_RECIPE);
    Map<String, String> values = new LinkedHashMap<>();
    Json.readObject(file.toString(), Files.readString(file, StandardCharsets.UTF_8))
        .forEach((name, value) -> values.put(checked(file, name, known), text(file, name, value)));
    return new RecipeFile(file, values);
  }

  private static String checked(Path file, String name, Set<String> known) {
    if (!known.contains(name)) {
      throw new FormatException(
          "%s: a recipe has no '%s'%s; there are %s"
              .formatted(file, name, NearestName.hint(name, known), String.join(", ", known)));
    }
    return name;
  }

  private static String text(Path file, String name, Object value) {
    if (value instanceof String || value instanceof Number || value instanceof Boolean) {
      return value.toString();
    }
    throw new FormatException(
        "%s: '%s' must be text, a number or a truth value, got %s"
            .formatted(file, name, Json.write(value)));
  }

  /** Writes a recipe. */
  static void write(Path file, Map<String, Object> options) throws IOException {
    byte[] text = (Json.writeIndented(options) + "\n").getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(text));
  }

  @Override
  public String defaultValue(ArgSpec arg) {
    return arg instanceof OptionSpec option
        ? values.get(option.longestName().substring(DASHES.length()))
        : null;
  }

  /** Says what the recipe is, and which of its options the command line overrules. */
  String describe(ParseResult parsed) {
    List<String> overruled = new ArrayList<>();
    for (OptionSpec option : parsed.matchedOptions()) {
      String own = defaultValue(option);
      String given = String.join(" ", option.originalStringValues());
      if (own != null && !own.equals(given)) {
        overruled.add("%s %s in place of %s".formatted(option.longestName(), given, own));
      }
    }
    return "recipe " + file + (overruled.isEmpty() ? "" : "; " + String.join(", ", overruled));
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
