package org.espalier.io.data;

import java.util.List;

/** Names the three sets of classes that come with CIFAR. */
public enum CifarLabels {
  /** The ten classes of CIFAR-10. */
  CIFAR10(
      1,
      0,
      "cifar-10-batches-bin",
      "batches.meta.txt",
      "airplane automobile bird cat deer dog frog horse ship truck"),
  /** The hundred fine classes of CIFAR-100. */
  CIFAR100_FINE(
      2,
      1,
      "cifar-100-binary",
      "fine_label_names.txt",
      "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus"
          + " butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach"
          + " couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster"
          + " house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree"
          + " motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear"
          + " pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road"
          + " rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel"
          + " streetcar sunflower sweet_pepper table tank telephone television tiger tractor train"
          + " trout tulip turtle wardrobe whale willow_tree wolf woman worm"),
  /** The twenty coarse classes of CIFAR-100. */
  CIFAR100_COARSE(
      2,
      0,
      "cifar-100-binary",
      "coarse_label_names.txt",
      "aquatic_mammals fish flowers food_containers fruit_and_vegetables"
          + " household_electrical_devices household_furniture insects large_carnivores"
          + " large_man-made_outdoor_things large_natural_outdoor_scenes"
          + " large_omnivores_and_herbivores medium_mammals non-insect_invertebrates people reptiles"
          + " small_mammals trees vehicles_1 vehicles_2");

  private final int labelBytes;
  private final int labelPosition;
  private final String folder;
  private final String namesFile;
  private final List<String> officialNames;

  CifarLabels(int labelBytes, int labelPosition, String folder, String namesFile, String names) {
    this.labelBytes = labelBytes;
    this.labelPosition = labelPosition;
    this.folder = folder;
    this.namesFile = namesFile;
    this.officialNames = List.of(names.split(" "));
  }

  /** Returns the names that the authors of the set gave. */
  public List<String> officialNames() {
    return officialNames;
  }

  /** Returns the number of classes. */
  public int classes() {
    return officialNames.size();
  }

  boolean isCifar10() {
    return this == CIFAR10;
  }

  /** Returns how many bytes precede the pixels of a record. */
  int labelBytes() {
    return labelBytes;
  }

  /** Returns which of them is the label. */
  int labelPosition() {
    return labelPosition;
  }

  /** Returns the folder that the official archive unpacks to. */
  String folder() {
    return folder;
  }

  /** Returns the file that holds the names. */
  String namesFile() {
    return namesFile;
  }
}
