"""Classification: goods under the code that costs least, and goods that are new to a trader."""
