"""Classification: goods placed under the code that costs least, and goods not placed before."""
