"""What people read of one deployment by pressing its card, a file each; like a verb, but nothing that one types."""
