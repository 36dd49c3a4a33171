/** Pruning: channel graphs, criteria, soft filter pruning and cuts in place. */
package org.espalier.sparse;
