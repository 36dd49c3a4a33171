package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.espalier.io.PictureOptions;
import org.espalier.io.data.Augmentation;
import org.espalier.io.data.Cifar;
import org.espalier.io.data.CifarLabels;
import org.espalier.io.data.Cutout;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.HorizontalFlip;
import org.espalier.io.data.Idx;
import org.espalier.io.data.ImageFolder;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.RandomCrop;
import org.espalier.io.data.Shapes;
import org.espalier.io.data.Split;
import org.espalier.tensor.Random;

/**
 * Finds the data that an option such as {@code shapes}, {@code idx:DIR} or {@code cifar10:DIR}
 * names: training and test samples, the normalisation that is usual for them, and the augmentation
 * that suits them.
 *
 * @param kind what stands before the colon
 * @param place the folder or file behind it, null for the procedural set
 * @param pictures how pictures of other sizes and colours are read
 */
record DataSource(String kind, Path place, PictureOptions pictures) {
  /** The kinds, for messages. */
  static final String KINDS = "shapes, idx:DIR, cifar10:DIR, cifar100:DIR or images:DIR";

  private static final int TRAINING_SHAPES = 10_000;
  private static final int TEST_SHAPES = 2_000;
  private static final long SHAPES_SEED = 1;

  /**
   * Reads an option.
   *
   * @param name the option's name, for messages
   * @param value what the user wrote
   * @param pictures how pictures are read
   */
  static DataSource parse(String name, String value, PictureOptions pictures) {
    int colon = value.indexOf(':');
    String kind = colon < 0 ? value : value.substring(0, colon);
    String place = colon < 0 ? "" : value.substring(colon + 1);
    boolean known = List.of("shapes", "idx", "cifar10", "cifar100", "images").contains(kind);
    if (!known || place.isEmpty() != kind.equals("shapes")) {
      throw new IllegalArgumentException(name + " must be " + KINDS + ", got '" + value + "'");
    }
    return new DataSource(kind, place.isEmpty() ? null : Path.of(place), pictures);
  }

  /** Reads the training samples. */
  Dataset training() throws IOException {
    return switch (kind) {
      case "shapes" -> Shapes.training(SHAPES_SEED, TRAINING_SHAPES);
      case "idx" -> Idx.training(place);
      case "images" -> hasTrainFolder() ? pictures(trainFolder()) : split().training();
      default -> isSingleFile() ? Cifar.file(place, labels()) : Cifar.training(place, labels());
    };
  }

  /**
   * Reads the test samples; a plain folder of pictures is split 80 to 20, the same way each time.
   */
  Dataset test() throws IOException {
    return switch (kind) {
      case "shapes" -> Shapes.test(SHAPES_SEED, TEST_SHAPES);
      case "idx" -> Idx.test(place);
      case "images" ->
          hasTrainFolder()
              ? ImageFolder.read(testFolder(), classesOf(trainFolder()), pictures)
              : split().validation();
      default -> isSingleFile() ? Cifar.file(place, labels()) : Cifar.test(place, labels());
    };
  }

  /**
   * Reads test samples from a source that is for testing only: a folder of pictures is not split.
   */
  Dataset allForTest() throws IOException {
    return isSplitForTest() ? pictures(place) : test();
  }

  /**
   * Tells whether the test samples are a share of one folder, the rest of which is for training.
   */
  boolean isSplitForTest() {
    return isPictures() && !hasTrainFolder();
  }

  /** Tells whether samples are read from image files. */
  boolean isPictures() {
    return kind.equals("images");
  }

  /** Tells whether the source is one file of records, which is both training and test set. */
  boolean isSingleFile() {
    return kind.startsWith("cifar")
        && Files.isRegularFile(place)
        && !place.getFileName().toString().contains(".tar");
  }

  private Dataset pictures(Path folder) throws IOException {
    return ImageFolder.read(folder, pictures);
  }

  private Split split() throws IOException {
    return pictures(place).split(0.2, Random.of(0));
  }

  private static List<String> classesOf(Path folder) throws IOException {
    try (var paths = Files.list(folder)) {
      return paths
          .filter(Files::isDirectory)
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    }
  }

  private Path trainFolder() {
    return place.resolve("train");
  }

  private boolean hasTrainFolder() {
    return Files.isDirectory(trainFolder());
  }

  private Path testFolder() {
    for (String name : List.of("test", "val", "valid", "validation")) {
      if (Files.isDirectory(place.resolve(name))) {
        return place.resolve(name);
      }
    }
    throw new IllegalArgumentException(place + " has a folder 'train' but none named test or val");
  }

  private CifarLabels labels() {
    return kind.equals("cifar100") ? CifarLabels.CIFAR100_FINE : CifarLabels.CIFAR10;
  }

  /** Returns the published normalisation of a known set, else that of the training samples. */
  Normalization normalization(Dataset training) {
    return switch (kind) {
      case "idx" ->
          training.sampleShape().size(-1) == 1 ? Normalization.MNIST : Normalization.of(training);
      case "cifar10" -> Normalization.CIFAR10;
      case "cifar100" -> Normalization.CIFAR100;
      default -> Normalization.of(training);
    };
  }

  /** Returns the augmentation that suits the set where the user names none. */
  String usualAugmentation() {
    return switch (kind) {
      case "cifar10", "cifar100" -> "crop4,flip";
      case "shapes" -> "flip";
      default -> "none";
    };
  }

  /**
   * Returns the augmentation named by words such as {@code crop4,flip,cutout8}, or {@code none},
   * with the normalisation in it: a cutout is made behind it, where zero is the mean.
   */
  static Augmentation augmentation(String words, Normalization normalization) {
    List<Augmentation> steps = new ArrayList<>();
    List<Augmentation> behind = new ArrayList<>();
    for (Augmentation step : named(words)) {
      (step instanceof Cutout ? behind : steps).add(step);
    }
    steps.add(normalization);
    steps.addAll(behind);
    return Augmentation.of(steps.toArray(Augmentation[]::new));
  }

  /** Reads the words, or refuses them. */
  static List<Augmentation> named(String words) {
    return words.equals("none")
        ? List.of()
        : Arrays.stream(words.split(",")).map(String::trim).map(DataSource::word).toList();
  }

  private static Augmentation word(String word) {
    if (word.equals("flip")) {
      return new HorizontalFlip();
    }
    if (word.matches("crop\\d{1,3}")) {
      return new RandomCrop(Integer.parseInt(word.substring(4)));
    }
    if (word.matches("cutout\\d{1,3}")) {
      return new Cutout(Integer.parseInt(word.substring(6)));
    }
    throw new IllegalArgumentException(
        "--augment takes none, or a list of flip, cropN and cutoutN, got '" + word + "'");
  }
}
