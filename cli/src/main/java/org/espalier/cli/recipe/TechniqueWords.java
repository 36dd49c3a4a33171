package org.espalier.cli.recipe;

/**
 * Is what the options of a run say of its techniques, as text.
 *
 * @param prune what goes, or {@code none}
 * @param lowrank what gets low rank, or {@code none}
 * @param quantize what gets few bits, or {@code none}
 * @param teacher the run or file of a teacher; null for none
 * @param distill how its answers count; null for the usual way, or without a teacher
 */
public record TechniqueWords(
    String prune, String lowrank, String quantize, String teacher, String distill) {
  /** The word for no technique. */
  public static final String NONE = "none";

  /** Returns the words of a run that prunes and does nothing else. */
  static TechniqueWords pruning(String prune) {
    return new TechniqueWords(prune, NONE, NONE, null, null);
  }
}
