package org.espalier.io;

/**
 * Says how a picture file becomes a tensor {@code [h, w, c]}; every value is stated, nothing is
 * guessed from the file.
 *
 * @param colour the channels of the tensor
 * @param alpha what happens to pixels that are not opaque
 * @param resize what happens to a picture of another size; only where a size is stated
 * @param height rows of the tensor, or 0 for those of the file
 * @param width columns of the tensor, or 0 for those of the file
 */
public record PictureOptions(Colour colour, Alpha alpha, Resize resize, int height, int width) {
  /** Names the channels of a tensor. */
  public enum Colour {
    /** One channel; a coloured picture becomes {@code 0.299·R + 0.587·G + 0.114·B} (BT.601). */
    GREY,
    /** Three channels; a grey picture has them equal. */
    RGB;

    /** Returns the number of channels. */
    public int channels() {
      return this == GREY ? 1 : 3;
    }
  }

  /** Names what happens to a picture of another size than the stated one. */
  public enum Resize {
    /** It is an error. */
    REFUSE,
    /** It is stretched to the size, whatever its proportions. */
    STRETCH,
    /** It is scaled until it covers the size, and the middle is cut out. */
    CROP,
    /** It is scaled until it fits into the size, and black is put around it. */
    PAD
  }

  /**
   * Says what happens to pixels that are not opaque.
   *
   * @param refused whether they are an error
   * @param red of the background they are laid on, 0 to 1
   * @param green of the background, 0 to 1
   * @param blue of the background, 0 to 1
   */
  public record Alpha(boolean refused, float red, float green, float blue) {
    /** Makes a pixel that is not opaque an error. */
    public static final Alpha REFUSE = new Alpha(true, 0, 0, 0);

    /** Lays pixels on black. */
    public static final Alpha ON_BLACK = on(0, 0, 0);

    /** Lays pixels on white. */
    public static final Alpha ON_WHITE = on(1, 1, 1);

    /** Lays pixels on a colour: {@code alpha·pixel + (1 - alpha)·background}. */
    public static Alpha on(float red, float green, float blue) {
      return new Alpha(false, red, green, blue);
    }

    /** Creates the choice. */
    public Alpha {
      if (!(Math.min(red, Math.min(green, blue)) >= 0
          && Math.max(red, Math.max(green, blue)) <= 1)) {
        throw new IllegalArgumentException(
            "picture options: background must be from 0 to 1, got "
                + red
                + ", "
                + green
                + ", "
                + blue);
      }
    }
  }

  /** Creates the options. */
  public PictureOptions {
    if (height < 0 || width < 0 || (height == 0) != (width == 0)) {
      throw new IllegalArgumentException(
          "picture options: height and width are both positive, or both 0 for those of the file,"
              + " got "
              + height
              + " and "
              + width);
    }
  }

  /** Returns options for pictures of the size they have: transparency is an error. */
  public static PictureOptions of(Colour colour) {
    return new PictureOptions(colour, Alpha.REFUSE, Resize.REFUSE, 0, 0);
  }

  /** Returns these options with a size, and a way to reach it. */
  public PictureOptions sized(int newHeight, int newWidth, Resize how) {
    return new PictureOptions(colour, alpha, how, newHeight, newWidth);
  }

  /** Returns these options with another answer to transparency. */
  public PictureOptions with(Alpha other) {
    return new PictureOptions(colour, other, resize, height, width);
  }
}
