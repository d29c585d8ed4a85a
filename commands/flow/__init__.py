"""What verbs and the worker share: asking for an act, moving a deployment on, showing it. Not verbs themselves."""
