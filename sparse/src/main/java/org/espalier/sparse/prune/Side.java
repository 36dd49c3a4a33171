package org.espalier.sparse.prune;

/** Says how a parameter takes part in a channel. */
public enum Side {
  /** Its rows make the channel: filters, units of a linear layer, their biases. */
  OUT,
  /** Its columns read the channel and sum over it. */
  IN,
  /** It acts channel by channel: normalisation, depthwise convolution, learned slopes. */
  BOTH,
  /** Its entries are numbers of channels, renumbered when channels go. */
  INDEX
}
