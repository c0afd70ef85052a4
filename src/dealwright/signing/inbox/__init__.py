"""What waits for a user of the product to sign: for whoever has an account, beside the mails."""
