-- A pack says more of each incident than it did, and of which instants it is: they are made anew.
DELETE FROM pack;
