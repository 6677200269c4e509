"""From a row of features to money, reasons and a plan."""
